"""The target: machine descriptions, programs and their text forms, validator, simulator, traces."""

from vliwc.machine.assembly import parse_assembly, print_assembly
from vliwc.machine.description import Engine, Machine, load_machine, machine_names, parse_machine
from vliwc.machine.faults import ProgramError, SimulationFault
from vliwc.machine.interchange import program_from_json, program_to_json
from vliwc.machine.program import Bundle, Operand, Program, Slot
from vliwc.machine.simulator import Result, Simulation, State, simulate
from vliwc.machine.takehome import takehome_module
from vliwc.machine.trace import Usage, trace_json, utilisation
from vliwc.machine.validate import validate

__all__ = [
    "Bundle",
    "Engine",
    "Machine",
    "Operand",
    "Program",
    "ProgramError",
    "Result",
    "Simulation",
    "SimulationFault",
    "Slot",
    "State",
    "Usage",
    "load_machine",
    "machine_names",
    "parse_assembly",
    "parse_machine",
    "print_assembly",
    "program_from_json",
    "program_to_json",
    "simulate",
    "takehome_module",
    "trace_json",
    "utilisation",
    "validate",
]
