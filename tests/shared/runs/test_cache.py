from shared.runs.cache import CACHE_VARIABLE, user_cache


def test_the_cache_is_the_users_or_the_one_that_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    assert user_cache().name == "lisa-toolkit"
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert user_cache() == tmp_path
