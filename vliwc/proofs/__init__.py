"""Proofs that rewrites are right for all 32-bit words, by the SMT solver z3 (de Moura & Bjørner 2008).

Every rewrite rule is proven from its own declaration, as Alive does for LLVM (Lopes, Menendez, Nagarakatte & Regehr
2015). z3 is needed here alone (`pip install 'vliwc[test]'`): nothing that compiles imports this package.
"""
