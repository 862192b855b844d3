"""Graphs with loops, and machine programs that are right for them, written by hand."""

from __future__ import annotations

from tests.certifier.cases import Case, graph
from vliwc.backend.certifier import Induction, LoopWitness, Place

COPY = Case(
    graph("%k = const 3\n for %i in 0..8 step 2 {\n %a = load x[%i]\n %b = mul %a, %k\n store y[%i], %b\n }"),
    """
    load s[0] = 2; load s[1] = 3
    load s[2] = 8; load s[3] = 10          # the pointers, s[2] counts down
    load s[4] = mem[s[0]]                  # 2: the body
    alu s[4] = s[4] * s[1]; flow s[2] = s[2] + -2
    store mem[s[3]] = s[4]; flow s[0] = s[0] + 2
    flow s[3] = s[3] + 2; flow if s[2] jump 2
    """,
    (LoopWitness(0, 2, 5, (Induction(0, 1, 2), Induction(3, 1, 10), Induction(2, -1, 8))),),
)

SUM = Case(
    graph(
        """
        %z = const 0
        %one = const 1
        %f = for %i in 1..7 carry (%s = %z, %p = %one) {
            %a = load x[%i]
            %t = add %s, %a
            %q = mul %p, %s
            yield %t, %q
        }
        %r = result 0 of %f
        %u = result 1 of %f
        store y[%z], %r
        store y[%one], %u
    """
    ),
    """
    load s[0] = 0; load s[1] = 1
    load s[2] = 1; load s[3] = 2
    load s[4] = 7; flow s[9] = s[2] + 9
    alu s[5] = s[2] + s[3]                  # 3: the body; s[2] is the index
    load s[6] = mem[s[5]]; flow s[2] = s[2] + 1; alu s[1] = s[0] * s[1]
    alu s[0] = s[0] + s[6]; alu s[7] = s[2] < s[4]
    flow if s[7] jump -3
    store mem[s[9]] = s[0]; flow s[8] = s[9] + 1
    store mem[s[8]] = s[1]
    """.replace("jump -3", "skip -4"),
    (LoopWitness(0, 3, 6, (Induction(2),), (Place(0), Place(1))),),
)

VECTOR_SUM = Case(
    graph(
        """
        %z = const 0
        %v: v4 = splat %z
        %f = for %i in 0..8 step 4 carry (%s: v4 = %v) {
            %a: v4 = vload x[%i]
            %t: v4 = add %s, %a
            yield %t
        }
        %r: v4 = result 0 of %f
        vstore y[%z], %r
    """
    ),
    """
    load s[0] = 2; load s[1] = 0
    valu v[4] = s[1]; load s[2] = 10; load s[3] = 1
    load v[8] = mem[s[0]..]; flow s[0] = s[0] + 4
    alu s[3] = s[0] ^ s[2]
    valu v[4] = v[4] + v[8]; flow if s[3] jump 2
    store mem[s[2]..] = v[4]
    """,
    (LoopWitness(0, 2, 4, (Induction(0, 1, 2),), (Place(4, 4),)),),
)

NESTED = Case(
    graph(
        """
        for %i in 0..8 step 4 {
            for %j in 0..4 {
                %a = add %i, %j
                %b = load y[%a]
                %c = load y[%j]
                %d = add %b, %c
                store y[%a], %d
            }
        }
    """
    ),
    """
    load s[0] = 0; load s[4] = 4
    load s[9] = 8; load s[8] = 10
    load s[1] = 0                                                # 2: the outer body
    alu s[2] = s[0] + s[1]; alu s[5] = s[1] + s[8]               # 3: the inner body
    alu s[2] = s[2] + s[8]; load s[5] = mem[s[5]]
    load s[3] = mem[s[2]]; flow s[1] = s[1] + 1
    alu s[3] = s[3] + s[5]; alu s[6] = s[1] < s[4]
    store mem[s[2]] = s[3]; flow if s[6] jump 3
    flow s[0] = s[0] + 4
    alu s[7] = s[0] < s[9]
    flow if s[7] jump 2
    """,
    (LoopWitness(0, 2, 10, (Induction(0),)), LoopWitness(0, 3, 7, (Induction(1),))),
)

CONSUMED = "array x at 2 length 8 in\n array y at 10 length 4 inout\n array d at 14 length 4 consumed"

SPILLING = Case(
    graph(
        "%k = const 3\n for %i in 0..4 {\n %a = load x[%i]\n %b = mul %a, %k\n store y[%i], %b\n }\n store y[%k], %k",
        CONSUMED,
    ),
    """
    load s[1] = 14; load s[2] = 3
    store mem[s[1]] = s[2]; flow s[3] = s[1] + 1       # 3 is kept in d[0] for the loop
    load s[0] = 0; load s[7] = 4
    load s[5] = mem[s[1]]; flow s[4] = s[0] + 2        # 3: the body
    load s[4] = mem[s[4]]; flow s[8] = s[0] + 10
    alu s[5] = s[5] * s[4]; load s[9] = 1
    store mem[s[3]] = s[5]; alu s[0] = s[0] + s[9]     # the product goes by way of d[1]
    load s[6] = mem[s[3]]; alu s[5] = s[0] < s[7]
    store mem[s[8]] = s[6]; flow if s[5] jump 3
    alu s[8] = s[9] + s[9]; load s[6] = mem[s[1]]      # s[9] is the same in all iterations
    load s[4] = 13
    store mem[s[4]] = s[6]
    """,
    (LoopWitness(0, 3, 8, (Induction(0),)),),
)

ONCE = Case(
    graph("for %i in 5..6 {\n store y[%i], %i\n }"),
    """
    load s[0] = 5; load s[1] = 15
    store mem[s[1]] = s[0]; load s[2] = 0
    flow if s[2] jump 1
    """,
    (LoopWitness(0, 1, 2),),
)

UNROLLED = Case(
    graph("for %i in 0..2 {\n %a = load x[%i]\n store y[%i], %a\n }"),
    """
    load s[0] = 2; load s[1] = 3
    load s[0] = mem[s[0]]; load s[1] = mem[s[1]]
    load s[2] = 10; load s[3] = 11
    store mem[s[2]] = s[0]; store mem[s[3]] = s[1]
    """,
)

AFTERWARDS = Case(
    graph("for %i in 1..4 {\n store y[%i], %i\n }\n %k = const 4\n store y[%k], %k"),
    """
    load s[0] = 1; load s[1] = 11
    load s[2] = 4
    store mem[s[1]] = s[0]; flow s[0] = s[0] + 1; flow s[1] = s[1] + 1
    alu s[3] = s[0] < s[2]
    flow if s[3] jump 2
    store mem[s[1]] = s[0]                  # the first index that is not executed, and its word
    """,
    (LoopWitness(0, 2, 4, (Induction(0), Induction(1, 1, 10))),),
)

CASES = {
    "copy": COPY,
    "sum": SUM,
    "vector sum": VECTOR_SUM,
    "nested": NESTED,
    "spilling": SPILLING,
    "once": ONCE,
    "afterwards": AFTERWARDS,
}
