"""Relatives of the tree walk: other numbers of children, hashes and trees, as kernel texts.

They have the form of the shipped `tree_walk.vk`, but none of its constants: what the compiler does for that kernel it
has to do for these.
"""

from __future__ import annotations

from vliwc.resources import data_path

_HASHES = {
    "multiplied": "a = (a ^ (a >> 15)) * 0x2C1B3C6D\n    a = (a ^ (a >> 12)) * 0x297A2D39\n    a = a ^ (a >> 15)",
    "shifted": "a = a ^ (a << 13)\n    a = a ^ (a >> 17)\n    a = a ^ (a << 5)",
    "finalised": "a = (a ^ (a >> 16)) * 0x85EBCA6B\n    a = (a ^ (a >> 13)) * 0xC2B2AE35\n    a = a ^ (a >> 16)",
    "complemented": "a = ~a + (a << 15)\n    a = (a ^ (a >> 12)) * 5\n    a = (a ^ (a >> 4)) * 2057",
    "added": "a = (a + 0x3C6EF372) + (a << 7)\n    a = (a ^ 0xDAA66D2B) ^ (a >> 11)\n    a = (a * 9) ^ 0x1B873593",
}
_CHILDREN = {2: "v & 1", 3: "v % 3", 4: "v & 3"}

_WALK = """
param height = {height}
param rounds = {rounds}
param batch = {batch}
const n_nodes = ({children} ** (height + 1) - 1) // {less}

memory {{
    nodes: u32[batch] consumed
    tree: u32[n_nodes] consumed
    values: u32[batch] inout
}}
assume nodes[_] == 0

fn hash(x) {{
    let a = x
    {hash}
    return a
}}

kernel walk {{
    for r in 0..rounds {{
        par i in 0..batch {{
            let v = hash(values[i] {mix} tree[nodes[i]])
            let next = {children} * nodes[i] + 1 + ({way})
            values[i] = v
            nodes[i] = next < n_nodes ? next : 0
        }}
    }}
}}
"""


def relatives() -> dict[str, str]:
    """Names and texts of the relatives."""
    texts = {
        f"{children} children, {name} hash": _WALK.format(
            height={2: 8, 3: 5, 4: 4}[children],
            rounds=12,
            batch=256,
            children=children,
            less=children - 1,
            hash=body,
            mix=mix,
            way=_CHILDREN[children],
        )
        for (name, body), children, mix in zip(_HASHES.items(), (2, 3, 2, 2, 4), "^^^^+", strict=True)
    }
    two = (data_path("examples") / "two_trees.vk").read_text(encoding="utf-8")
    return {**texts, "two trees in turn": two.replace("param batch = 64", "param batch = 256")}
