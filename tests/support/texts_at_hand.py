"""Regular expressions and openings, as the files of real data have them."""

REGEXES = [
    *(r"\b([A-Z])&([AEIOUaeiou])\b", "((.*)(.)).*(dog).*", ".*([A-Za-z])|(.).*", ".*(dog){2,}.*"),
    *("((dog)|(truck)){5,}", "(.*)([A-Za-z].*[0-9].*)", "((dog)&(truck)).*([0-9]).*"),
    *(r"(\b([A-Za-z])|([A-Z])|([a-z])\b)+", "((dog).*(truck).*)|(~(ring))", "[0-9]"),
    *(r"~(\b([A-Z])(.*)\b)", r"\b(([0-9])&([A-Z])).*(dog).*\b", "([AEIOUaeiou].*[A-Za-z].*){6,}"),
    *("(([A-Za-z]){4,}).*(lake).*", r"(.*)(\b.\b)", "(([a-z])|(dog))*", "(~(([0-9])+))&(.*dog.*)"),
    *("(dog.*truck.*)|((.*)(ring))", "((([AEIOUaeiou])+)|(dog))(.*)", "~((dog)|([a-z])|(truck))"),
]

OPENINGS = [
    *("1. Nh3", "1. e3 e5 2. c4 d6 3. Nc3 Nc6 4. b3 Nf6", "1. f3 e5 2. g4 Qh4#"),
    "1. Nh3 d5 2. g3 e5 3. f4 Bxh3 4. Bxh3 exf4 5. O-O fxg3 6. hxg3",
    "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5 7. Bb3 O-O 8. c3 d5",
    "1. d4 Nf6 2. c4 e6 3. Nc3 Bb4 4. e3 b6 5. Ne2 Ba6 6. Ng3 Bxc3+ 7. bxc3 d5 8. Ba3",
    "1. d4 d5 2. c4 e6 3. Nc3 Nf6 4. Bg5 Nbd7 5. Nf3 c6 6. cxd5 exd5 7. Qb3 Be7 8. O-O-O",
    "1. e4 c6 2. d4 d5 3. Nc3 dxe4 4. Nxe4 Nd7 5. Qe2 Ngf6 6. Nd6#",
    "1. e4 c5 2. Nf3 d6 3. d4 cxd4 4. Nxd4 Nf6 5. Nc3 a6",
]


def lengthened(line):
    """All beginnings of an opening that end with a move of white."""
    moves = line.split(" ")
    return [" ".join(moves[: end + 2]) for end in range(0, len(moves) - 1, 3)]


OPERANDS = ["(dog)", "([a-z])", "([0-9])", "(.)", "(([A-Z])+)", "(truck)", "~(ring)", "((.){3,})"]
EXPRESSIONS = [*REGEXES, *(f"{one}.*{other}.*" for one in OPERANDS for other in OPERANDS)]
"""Enough of them to train a small network on."""

REPLIES = ["e5", "c5", "e6", "c6", "d5", "Nf6", "g6"]
GAMES = list(
    dict.fromkeys(
        [
            *(beginning for line in OPENINGS for beginning in lengthened(line)),
            *(
                f"1. {move} {reply}"
                for move in ("e4", "d4", "c4", "Nf3", "g3")
                for reply in REPLIES
            ),
        ]
    )
)
"""Beginnings of games, enough to train a small network on."""
