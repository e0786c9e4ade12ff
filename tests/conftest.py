"""What all tests share: no example of hypothesis has to be quick, as machines may be busy."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
