"""``actbench completion``: a script with which a shell completes commands, options and names."""

from __future__ import annotations

import argparse
from typing import Any

DESCRIPTION = """\
Print a script that completes commands, options, and the names of activations, experiments and claims.

  source <(actbench completion bash)             in ~/.bashrc
  source <(actbench completion zsh)              in ~/.zshrc, after compinit
  actbench completion fish > ~/.config/fish/completions/actbench.fish
"""
BASH = """\
_actbench() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} words=
  if [ "$COMP_CWORD" -eq 1 ]; then words="{verbs}"; else
    case $verb in
{cases}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
}}
complete -o filenames -F _actbench actbench
"""
FISH = """\
complete -c actbench -f -n __fish_use_subcommand -a "{verb}" -d "{about}"
complete -c actbench -n 'contains -- {verb} (commandline -opc)[2]' -a "{words}"
"""  # the second word alone is the verb: 'show audit' asks for no options of 'audit'
ZSH = "autoload -U +X bashcompinit && bashcompinit\n"
NAMED = {  # verb to the registries whose names it takes
    "show": ("activations", "experiments", "claims"), "compare": ("activations",), "bench": ("activations",),
    "theory": ("activations",), "vectors": ("activations",), "export": ("activations",), "audit": ("activations",),
    "identify": ("activations",), "run": ("experiments", "activations"), "reproduce": ("claims",),
}  # fmt: skip


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "completion", help="a script that completes commands and names in bash, zsh or fish", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Print it."""
    from actbench.cli import parser

    verbs: dict[str, list[str]] = {}
    about: dict[str, str | None] = {}
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            verbs = {name: _options(each) + _names(name) for name, each in action.choices.items()}
            about = {each.dest: each.help for each in action._choices_actions}
    if args.shell == "fish":
        for verb, words in verbs.items():
            print(FISH.format(verb=verb, about=about[verb], words=" ".join(words)), end="")
        return 0
    cases = "\n".join(f'      {verb}) words="{" ".join(words)}" ;;' for verb, words in verbs.items())
    print((ZSH if args.shell == "zsh" else "") + BASH.format(verbs=" ".join(verbs), cases=cases), end="")
    return 0


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings if option.startswith("--")] + [
        str(choice) for action in parser._actions if not action.option_strings for choice in action.choices or ()
    ]


def _names(verb: str) -> list[str]:
    from actbench.cli.listing import LISTS

    if verb == "list":
        return list(LISTS)
    words = [str(next(iter(row.values()))) for name in NAMED.get(verb, ()) for row in LISTS[name]()]
    if verb == "run":  # factors of any experiment; `LISTS` has filled the registry
        from actbench.runs.experiment import EXPERIMENTS

        words += sorted({f"--{factor.replace('_', '-')}" for each in EXPERIMENTS for factor in each.factors})
    return words
