"""How a table of data is read, and which of its columns are what; light to import."""

from dataclasses import dataclass

from shared.common.errors import LisaError

SEPARATORS = {
    ",": ",",
    "comma": ",",
    ";": ";",
    "semicolon": ";",
    "\t": "\t",
    r"\t": "\t",
    "tab": "\t",
    "|": "|",
    "space": " ",
    " ": " ",
}
"""What `sep` may say, and the character it means; a space means blanks of any number."""

SEVERAL_MISSING = "give all values at once, with commas between, as in --missing=-999,-9999"
"""What helps where --missing is given more than once."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How the text of a table is read; what is not said is found in the file.

    Attributes:
        sep: What separates cells: auto, comma, semicolon, tab, space (any number of blanks), or one
            of , ; | itself.
        decimal: The decimal mark: . or a comma; by default found where the file makes it certain.
        thousands: What groups the digits of thousands, one character; by default found where the
            file makes it certain.
        no_header: The first row holds numbers; columns are then named x1, x2, … and the last y.
        comment: Lines that begin with one of these words are left out; '' leaves none out.
        skip: Lines to leave out at the top of the file.
        encoding: Of the text; by default UTF-8, UTF-16 where the file says so, or else Windows-1252
            or Latin-1.
        missing: Numbers or words that stand for a missing value, separated by commas, as in
            --missing=-999,-9999; beside empty cells, NA, nan and the like.
    """

    sep: str = "auto"
    decimal: str | None = None
    thousands: str | None = None
    no_header: bool = False
    comment: str = "# % //"
    skip: int = 0
    encoding: str | None = None
    missing: str | None = None

    @property
    def separator(self) -> str | None:
        """The character that separates cells; None where it is to be found."""
        return None if self.sep == "auto" else SEPARATORS[self.sep]

    @property
    def comment_marks(self) -> tuple[str, ...]:
        """What lines begin with that hold no row."""
        return tuple(self.comment.split())

    def check(self) -> None:
        """Refuse options that contradict each other or make no sense.

        Raises:
            LisaError: Naming the first.
        """
        if self.sep != "auto" and self.sep not in SEPARATORS:
            raise LisaError(
                f"--sep must be auto, comma, semicolon, tab, space or |, not {self.sep!r}"
            )
        if self.decimal not in (None, ".", ","):
            raise LisaError(f"--decimal must be '.' or ',', not {self.decimal!r}")
        if self.thousands is not None and (len(self.thousands) != 1 or self.thousands.isalnum()):
            raise LisaError(
                "--thousands must be one character that is no letter or digit, such as , or ', "
                f"not {self.thousands!r}"
            )
        if self.thousands is not None and self.thousands == self.decimal:
            raise LisaError(
                f"--decimal and --thousands are both {self.decimal!r}; they must differ"
            )
        if not 0 <= self.skip <= 1_000_000:
            raise LisaError(f"--skip must be from 0 to 1,000,000, not {self.skip}")
        if self.encoding is not None:
            _check_encoding(self.encoding)


@dataclass(frozen=True, kw_only=True)
class TableOptions(ReadOptions):
    """How a table is read, and which of its columns are what.

    Columns are named as in the file, or as they are called in formulas.

    Attributes:
        target: The column to be explained; by default the last.
        features: The columns to explain it with, separated by commas; by default all others that
            hold numbers.
        ignore: Columns to leave out, separated by commas.
        weights: A column of weights of the rows.
        errors: A column of standard errors of the target; rows are weighted by 1/error².
        test: Rows to judge formulas on that they were not found with: a second file with the same
            columns, or a share of the rows, as in 0.25.
        drop_missing: Leave out rows with a missing or infinite value.
    """

    target: str | None = None
    features: str | None = None
    ignore: str | None = None
    weights: str | None = None
    errors: str | None = None
    test: str | None = None
    drop_missing: bool = False

    @property
    def test_share(self) -> float | None:
        """The share of the rows to keep for a test; None where there is none or it is a file."""
        try:
            return None if self.test is None else float(self.test)
        except ValueError:
            return None

    def check(self) -> None:
        """Refuse options that contradict each other or make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        if self.weights is not None and self.errors is not None:
            raise LisaError("--weights and --errors both weigh the rows; give one of them")
        share = self.test_share
        if share is not None and not 0 < share < 1:
            raise LisaError(
                f"--test must be a file or a share of the rows between 0 and 1, not {self.test}"
            )


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except (LookupError, UnicodeError):
        raise LisaError(
            f"--encoding {name} is unknown; valid are utf-8, utf-16, latin-1, cp1252 and others "
            "that Python knows"
        ) from None
