"""`vliwc run`: a program, or a kernel compiled on the spot, runs in the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vliwc.cli import options as shared
from vliwc.cli.files import read_kernel, read_text, require_writable
from vliwc.cli.images import read_image, require_image_suffix, write_image
from vliwc.cli.terminal import complain, print_json, progress
from vliwc.errors import UsageError

if TYPE_CHECKING:
    from vliwc.ir.ops import Lanes
    from vliwc.language import Kernel
    from vliwc.machine import Machine, Program

KERNEL_SUFFIX = ".vk"


@click.command(name="run")
@click.argument("program", metavar="PROGRAM|KERNEL.vk", type=shared.PATH)
@shared.defines_option
@click.option(
    "--machine",
    metavar="NAME|FILE",
    shell_complete=shared.complete_machine,
    help="Machine description. Default: the one that the program names, else takehome.",
)
@shared.optimise_option
@shared.schedule_option
@shared.seed_option
@click.option("--image", type=shared.PATH, help="Start memory: a .json list, .npy array or .txt of words.")
@click.option("--kernel", type=shared.PATH, help="The kernel that PROGRAM was compiled from: generates the image.")
@click.option("--output", "-o", type=shared.PATH, help="Write the final memory here (.json, .npy or .txt).")
@click.option("--max-cycles", type=click.IntRange(1), help="Give up (exit code 6) after this many cycles.")
@click.option("--lenient", is_flag=True, help="Run as the public simulator does, without the strict checks.")
@shared.json_option
@click.pass_context
def command(
    ctx: click.Context,
    program: Path,
    defines: dict[str, int],
    machine: str | None,
    optimise: int,
    schedule: str,
    seed: int,
    image: Path | None,
    kernel: Path | None,
    output: Path | None,
    max_cycles: int | None,
    lenient: bool,
    as_json: bool,
) -> None:
    """Simulate a program, or compile and simulate a kernel.

    PROGRAM is a .vasm or .json file, as `vliwc compile` writes it. The start memory is --image, or made up from the
    kernel's declarations. Where the kernel is known, the final memory is compared with what the interpreter computes;
    if it is wrong, the exit code is 1.
    """
    if output is not None:
        require_image_suffix(output)
        require_writable(output, program)
    known: Kernel | None
    if program.suffix == KERNEL_SUFFIX:
        if kernel is not None:
            raise UsageError("--kernel is for programs", help=f"{program} is a kernel already")
        code, target, known = _compile(program, defines, machine or shared.DEFAULT_MACHINE, optimise, schedule, seed)
    else:
        code, target = load_program(program, machine)
        known = None if kernel is None else _load_kernel(kernel, defines)
    memory = start_memory(image, known, seed)

    from vliwc.machine import simulate

    result = simulate(code, target, memory, strict=not lenient, max_cycles=max_cycles)
    if output is not None:
        write_image(output, result.memory)
    wrong = known is not None and _is_wrong(known, memory, result.memory)
    if as_json:
        from vliwc.report.records import run_record

        correct = None if known is None else not wrong
        print_json(run_record(str(program), target.name, len(memory), result.cycles, correct))
    else:
        verdict = "" if known is None or wrong else "; the result is what the kernel says"
        click.echo(f"{result.cycles:,} cycles on {target.name}{verdict}")
    if wrong:
        ctx.exit(1)


def _compile(
    path: Path, defines: dict[str, int], machine: str, optimise: int, schedule: str, seed: int
) -> tuple[Program, Machine, Kernel]:
    source = read_kernel(path)

    from vliwc.driver import Options, compile_source

    options = Options(optimise=optimise, schedule=schedule, machine=machine, defines=defines, seed=seed)
    with progress(f"compiling {path}") as tell:
        compilation = compile_source(source, options, progress=tell)
    return compilation.program, compilation.front.machine, compilation.front.kernel


def _load_kernel(path: Path, defines: dict[str, int]) -> Kernel:
    source = read_kernel(path)

    from vliwc.language import load_kernel

    return load_kernel(source, defines)


def load_program(path: Path, machine: str | None) -> tuple[Program, Machine]:
    """The program in a .vasm or interchange .json file, and the machine it is for. Raises UsageError, DataError."""
    if path.suffix not in (".vasm", ".json"):
        raise UsageError(f"cannot tell what {path} is", help="a program is *.vasm or *.json, a kernel *.vk")
    text = read_text(path, "program")

    from vliwc.machine import load_machine, parse_assembly, program_from_json

    if path.suffix == ".vasm":
        program = parse_assembly(text, str(path))
        target = load_machine(machine or program.machine)
    else:
        target = load_machine(machine or shared.DEFAULT_MACHINE)
        program = program_from_json(text, target, str(path))
    return program, target


def start_memory(image: Path | None, kernel: Kernel | None, seed: int) -> Lanes:
    """The memory at the start: what is in `image`, checked against the kernel if there is one, or made for the kernel.

    Raises UsageError if there is neither, DataError for an image that is wrong or breaks the kernel's assumptions.
    """
    if image is None and kernel is None:
        raise UsageError("the program needs a memory to run on", help="give --image FILE or --kernel KERNEL.vk")
    if image is None:
        import numpy as np

        from vliwc.language import make_image

        assert kernel is not None
        return make_image(kernel, np.random.default_rng(seed))
    memory = read_image(image)
    if kernel is not None:
        from vliwc.language import check_image

        check_image(kernel, memory)
    return memory


def _is_wrong(kernel: Kernel, start: Lanes, end: Lanes) -> bool:
    """Tells the user, and returns True, if the final memory is not what the interpreter computes."""
    from vliwc.differential import find_mismatch
    from vliwc.language import interpret
    from vliwc.report.tables import mismatch_text

    mismatch = find_mismatch(kernel, "program", interpret(kernel, start), end)
    if mismatch is None:
        return False
    complain("wrong result", mismatch_text(mismatch))
    return True
