"""What scores the sentences of `grammar-lisa bo`: a target, or the user's code."""

from dataclasses import dataclass

from grammar_lisa.objectives.kusner import KUSNER_TARGET
from shared.common.errors import LisaError


@dataclass(frozen=True, kw_only=True)
class ObjectiveOptions:
    """What scores sentences: one of --target, --objective, --command.

    Attributes:
        target: An expression, or the name of a benchmark: kusner, expr-1 … expr-6, nguyen-1 …
            nguyen-12, livermore-1 … livermore-22. By default kusner: 1/3 + x + sin(x*x).
        objective: A Python function of a sentence that returns a number, smaller is better:
            package.module:function, for sentences of any grammar. Of molecules, by RDKit, these are
            at hand: molecules:penalised-logp, molecules:qed, molecules:logp (each as its negative),
            molecules:sa. For regular expressions there is regex:FILE, a file of examples: lines
            '+ text' for what is to be matched, '- text' for what is not. A name that begins with ./
            is a function of a module in the working folder in any case.
        command: A command that prints such a number at last, such as 'prog --x {sentence}'; without
            {sentence} it reads the sentence from standard input.
        seconds_each: The time that --objective or --command has for each sentence; by default
            there is no limit.
    """

    target: str | None = None
    objective: str | None = None
    command: str | None = None
    seconds_each: float | None = None

    @property
    def own_code(self) -> bool:
        """Whether the user's own code scores sentences, which costs something."""
        return self.objective is not None or self.command is not None

    @property
    def text(self) -> str:
        """What is searched for, as the user named it."""
        return str(self.objective or self.command or self.target or KUSNER_TARGET)

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            LisaError: Naming them.
        """
        names = ("target", "objective", "command")
        given = [f"--{name}" for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise LisaError(
                f"{' and '.join(given)} each say what scores sentences; give one of them"
            )
        if self.seconds_each is not None and not self.own_code:
            raise LisaError("--seconds-each limits --objective or --command; give one of them too")
