"""Injected miscompiles: what a broken compiler might emit, applied to real programs.

Each *kind* of wrong output is a mutator. It looks at a correct program, finds the places where its damage changes what
the program does (`flow.py` says what each slot reads, computes and is needed for), and yields the damaged programs. All
of them must be caught by reader, validator or certifier, none of which runs a program on data.
"""
