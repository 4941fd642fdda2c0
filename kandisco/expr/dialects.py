"""The tables of the printer in ``kandisco.expr.source``: what each language calls the functions and constants of formulas."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping

from kandisco.expr.heads import HEADS
from kandisco.expr.source import Dialect

ELEMENTARY = ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")
_PYTHON = frozenset(keyword.kwlist)
_AIRY = ("airyai", "airyaiprime", "airybi", "airybiprime")


def _calls(template: str, names: Iterable[str] = ELEMENTARY) -> dict[str, str]:
    """head -> call; ``%`` stands for the name."""
    return {name: template.replace("%", name) for name in names}


def _numpy(head: str) -> str:
    if head in _AIRY:
        return f"special.airy({{0}})[{_AIRY.index(head)}]"
    module, name = HEADS[head].numeric.split(":")
    arguments = ", ".join(f"{{{i}}}" for i in range(HEADS[head].arity))
    return f"{'np' if module == 'numpy' else 'special'}.{name}({arguments})"


PYTHON = Dialect(
    name="python's standard library",
    functions={
        **_calls("math.%({0})"),
        **{"erf": "math.erf({0})", "erfc": "math.erfc({0})", "gamma": "math.gamma({0})", "loggamma": "math.lgamma({0})"},
        **{"abs": "abs({0})", "sign": "math.copysign(float({0} != 0), {0})"},
    },
    pi="math.pi",
    e="math.e",
    power="math.pow({0}, {1})",
    root="math.sqrt({0})",
    reserved=_PYTHON | {"math", "abs", "float"},
)
NUMPY = Dialect(
    name="numpy",
    functions={head: _numpy(head) for head in HEADS},
    pi="np.pi",
    e="np.e",
    power="{0}**{1}",
    infix=True,
    root="np.sqrt({0})",
    whole="{0}",
    reserved=_PYTHON | {"np", "special"},
)
SYMPY = Dialect(
    name="sympy",
    functions={head: f"sympy.{row.sympy}({', '.join(f'{{{i}}}' for i in range(row.arity))})" for head, row in HEADS.items()},
    pi="sympy.pi",
    e="sympy.E",
    power="{0}**{1}",
    infix=True,
    root="sympy.sqrt({0})",
    whole="{0}",
    bare="sympy.Integer({0})",
    fraction="sympy.Rational({0}, {1})",
    reserved=_PYTHON | {"sympy", "expr"},
)
TORCH = Dialect(
    name="torch",
    functions={
        **_calls("torch.%({0})", (*ELEMENTARY, "abs", "sign", "erf", "erfc", "digamma")),
        **{"loggamma": "torch.lgamma({0})", "polygamma": "torch.polygamma({0}, {1})", "airyai": "torch.special.airy_ai({0})"},
        **{f"bessel{kind}:{n}": f"torch.special.bessel_{kind}{n}({{0}})" for kind in "jy" for n in (0, 1)},
        **{f"besseli:{n}": f"torch.special.i{n}({{0}})" for n in (0, 1)},
        **{f"besselk:{n}": f"torch.special.modified_bessel_k{n}({{0}})" for n in (0, 1)},
    },
    pi="math.pi",
    e="math.e",
    power="{0}**{1}",
    infix=True,
    root="torch.sqrt({0})",
    whole="{0}",
    constants=PYTHON,
    reserved=_PYTHON | {"torch", "math", "kind"},
)
_JNP = {name: "arc" + name[1:] if name[0] == "a" else name for name in ELEMENTARY}
JAX = Dialect(
    name="jax",
    functions={
        **{head: f"jnp.{name}({{0}})" for head, name in _JNP.items()},
        **_calls("jnp.%({0})", ("abs", "sign")),
        **_calls("special.%({0})", ("erf", "erfc", "gamma", "digamma")),
        **{"loggamma": "special.gammaln({0})", "polygamma": "special.polygamma({0}, {1})"},
        **{f"besseli:{n}": f"special.i{n}({{0}})" for n in (0, 1)},
    },
    pi="jnp.pi",
    e="jnp.e",
    power="{0}**{1}",
    infix=True,
    root="jnp.sqrt({0})",
    whole="{0}",
    reserved=_PYTHON | {"jax", "jnp", "special", "kind", "float"},
)
_C_WORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict "
    "return short signed sizeof static struct switch typedef union unsigned void volatile while main predict bool true false "
    "fabs pow sqrt erf erfc tgamma lgamma jn yn copysign M_PI M_E INFINITY NAN"
)
_CPP_WORDS = (
    "alignas alignof and and_eq asm bitand bitor catch char8_t char16_t char32_t class compl concept const_cast consteval "
    "constexpr constinit co_await co_return co_yield decltype delete dynamic_cast explicit export false friend mutable namespace "
    "new noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast requires static_assert "
    "static_cast template this thread_local throw true try typeid typename using virtual wchar_t xor xor_eq std"
)
_C_FUNCTIONS = {
    **_calls("%({0})"),
    **{"abs": "fabs({0})", "sign": "copysign({0} != 0.0, {0})"},
    **{"erf": "erf({0})", "erfc": "erfc({0})", "gamma": "tgamma({0})", "loggamma": "lgamma({0})"},
}
C = Dialect(
    name="C",
    functions={
        **_C_FUNCTIONS,
        **{f"bessel{kind}:{n}": f"{kind}n({n}, {{0}})" for kind in "jy" for n in range(20)},
    },
    pi="M_PI",
    e="M_E",
    power="pow({0}, {1})",
    reserved=frozenset(_C_WORDS.split()) | set(ELEMENTARY),
    identifier="ascii",
)
_CMATH = {"besselj": "cyl_bessel_j", "bessely": "cyl_neumann", "besseli": "cyl_bessel_i", "besselk": "cyl_bessel_k"}
CPP = Dialect(
    name="C++",
    functions={
        **{head: f"std::{text}" for head, text in _C_FUNCTIONS.items()},
        **{head: f"std::{name}({{0}}, {{1}})" for head, name in _CMATH.items()},
        **{"elliptic_k": "std::comp_ellint_1(std::sqrt({0}))", "elliptic_e": "std::comp_ellint_2(std::sqrt({0}))"},
    },
    pi="M_PI",
    e="M_E",
    power="std::pow({0}, {1})",
    root="std::sqrt({0})",
    reserved=frozenset((_C_WORDS + " " + _CPP_WORDS).split()) | set(ELEMENTARY),
    identifier="ascii",
)
_RUST_WORDS = (
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref "
    "return self Self static struct super trait true type unsafe use where while abstract become box do final macro override "
    "priv typeof unsized virtual yield try gen f64 std predict"
)
RUST = Dialect(
    name="Rust's standard library",
    functions={
        **_calls("f64::%({0})", [name for name in ELEMENTARY if name != "log"]),
        **{"log": "f64::ln({0})", "abs": "f64::abs({0})", "sign": "(if {0} == 0.0 {{ 0.0 }} else {{ f64::signum({0}) }})"},
    },
    pi="std::f64::consts::PI",
    e="std::f64::consts::E",
    power="f64::powf({0}, {1})",
    root="f64::sqrt({0})",
    reserved=frozenset(_RUST_WORDS.split()),
    identifier="ascii",
)
_SPECIAL = ("erf", "erfc", "gamma", "besselj", "bessely", "besseli", "besselk")
_ORDERED = ("besselj", "bessely", "besseli", "besselk")
_JULIA_WORDS = (
    "baremodule begin break catch const continue do else elseif end export finally for function global if import let local macro "
    "module quote return struct try using while true false pi abs sign sqrt predict"
)
JULIA = Dialect(
    name="Julia",
    functions={
        **_calls("%({0})", (*ELEMENTARY, "abs", "sign", "erf", "erfc", "gamma", "loggamma", "digamma", *_AIRY)),
        **_calls("%({0}, {1})", ("polygamma", *_ORDERED)),
        **{"elliptic_k": "ellipk({0})", "elliptic_e": "ellipe({0})"},
    },
    pi="pi",
    e="exp(1.0)",
    power="{0}^{1}",
    infix=True,
    reserved=frozenset(_JULIA_WORDS.split()) | set(ELEMENTARY) | set(HEADS) | {"ellipk", "ellipe"},
)
_MATLAB_WORDS = (
    "break case catch classdef continue else elseif end for function global if otherwise parfor persistent return spmd switch "
    "try while pi abs sign sqrt psi gammaln ellipke airy predict ans i j Inf NaN eps end_try_catch endfunction endif endfor "
    "endwhile endswitch until do unwind_protect unwind_protect_cleanup end_unwind_protect"
)
MATLAB = Dialect(
    name="Matlab",
    functions={
        **_calls("%({0})", (*ELEMENTARY, "abs", "sign", "erf", "erfc", "gamma")),
        **_calls("%({0}, {1})", _ORDERED),
        **{"loggamma": "gammaln({0})", "digamma": "psi({0})", "polygamma": "psi({0}, {1})", "elliptic_k": "ellipke({0})"},
        **{head: f"airy({kind}, {{0}})" for kind, head in enumerate(_AIRY)},
    },
    pi="pi",
    e="exp(1)",
    power="{0}.^{1}",
    infix=True,
    whole="{0}",
    times=" .* ",
    over=" ./ ",
    reserved=frozenset(_MATLAB_WORDS.split()) | set(ELEMENTARY) | set(_SPECIAL),
    identifier="ascii",
)


def _wolfram(value: float) -> str:
    return repr(value).replace("e", "*^").replace("^+", "^")


def _wolfram_functions() -> Mapping[str, str]:
    named = {name: name.capitalize() for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")}
    named |= {f"a{name}": f"Arc{name.capitalize()}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
    named |= {"abs": "Abs", "sign": "Sign", "erf": "Erf", "erfc": "Erfc", "gamma": "Gamma", "loggamma": "LogGamma"}
    named |= {"elliptic_k": "EllipticK", "elliptic_e": "EllipticE", "airyai": "AiryAi", "airyaiprime": "AiryAiPrime"}
    named |= {"airybi": "AiryBi", "airybiprime": "AiryBiPrime"}
    two = {f"bessel{kind}": f"Bessel{kind.upper()}" for kind in "jyik"} | {"legendre": "LegendreP", "polygamma": "PolyGamma"}
    one = {head: f"{name}[{{0}}]" for head, name in named.items()} | {"digamma": "PolyGamma[0, {0}]"}
    three = {"gegenbauer": "GegenbauerC[{0}, {1}, {2}]"}
    return one | three | {head: f"{name}[{{0}}, {{1}}]" for head, name in two.items()}


MATHEMATICA = Dialect(
    name="Mathematica",
    functions=_wolfram_functions(),
    pi="Pi",
    e="E",
    power="{0}^{1}",
    infix=True,
    root="Sqrt[{0}]",
    whole="{0}",
    number=_wolfram,
    reserved=frozenset({"Pi", "E", "I", "C", "D", "K", "N", "O", "predict"}),
    identifier="letters",
)
EXCEL = Dialect(
    name="Excel",
    functions={
        **_calls("%({0})", ()),
        **{name: f"{name.upper()}({{0}})" for name in (*ELEMENTARY, "abs", "sign", "erf", "erfc", "gamma")},
        **{"log": "LN({0})", "loggamma": "GAMMALN({0})"},
        **{head: f"{head.upper()}({{1}}, {{0}})" for head in _ORDERED},
    },
    pi="PI()",
    e="EXP(1)",
    power="POWER({0}, {1})",
    root="SQRT({0})",
    whole="{0}",
    number=lambda value: repr(value).upper(),
)
SQL = Dialect(
    name="SQL",
    functions={
        **{name: f"{name.upper()}({{0}})" for name in (*ELEMENTARY, "abs", "sign")},
        "log": "LN({0})",
    },
    pi="PI()",
    e="EXP(1.0)",
    power="POWER({0}, {1})",
    root="SQRT({0})",
)
