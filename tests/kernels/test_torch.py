"""Functions of tensors: torch's own numerical checks, its values, and what is refused."""

from __future__ import annotations

import copy
import os
import pickle
import warnings

import numpy as np
import pytest

import actbench as ab
import actbench.torch
from actbench.core.errors import ActbenchError

torch = pytest.importorskip("torch")
from actbench.torch import direct as direct_module  # noqa: E402
from actbench.torch import functions  # noqa: E402
from actbench.torch.direct import LARGE, direct  # noqa: E402

ROWS = [row for row in ab.ACTIVATIONS if row.kind == "elementwise" and "x" not in row.surrogates]
PLACES = np.array([-4.13, -2.41, -1.37, -0.43, 0.29, 0.83, 1.71, 2.63, 5.3])


def leaf(row):
    kinks = [float(at) for at in row.fact("kinks")]
    away = [x for x in PLACES if all(abs(x - at) > 0.01 for at in kinks)]
    return torch.tensor(away, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_gradcheck_and_gradgradcheck_pass_for_every_row(row, monkeypatch):
    """By the reference path, which needs no compiling; the kernels are held to it elsewhere."""
    monkeypatch.setattr(functions, "kernel", lambda row, way, **how: ab.kernel(row, way, backend="numpy"))
    f, x = functions.of_spec.__wrapped__(row.spec), leaf(row)
    assert torch.autograd.gradcheck(f, (x,), atol=1e-6, rtol=1e-5)
    assert torch.autograd.gradgradcheck(f, (x,), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["silu", "gelu", "tanh", "softplus", "mish", "relu", "hardswish", "snake"])
def test_they_pass_by_the_kernels_too(name):
    f, x = getattr(actbench.torch, name), leaf(ab.get(name))
    assert torch.autograd.gradcheck(f, (x,))
    assert torch.autograd.gradgradcheck(f, (x,))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["silu", "elu", "gelu"])
def test_values_and_slopes_are_the_kernels_on_any_strides(name, dtype):
    f = getattr(actbench.torch, name)
    base = torch.linspace(-6, 6, 240, dtype=dtype).reshape(4, 6, 10)
    dy = torch.linspace(1, 2, 240, dtype=dtype).reshape(4, 6, 10)
    for view in (lambda t: t, lambda t: t[:, ::2, 1:], lambda t: t.transpose(0, 2), lambda t: t[0, 0, 0].expand(3, 2)):
        x, arriving = view(base).detach().requires_grad_(), view(dy)
        y = f(x)
        (dx,) = torch.autograd.grad(y, x, arriving)
        assert (y.dtype, y.shape, dx.dtype, dx.shape) == (dtype, x.shape, dtype, x.shape)
        given = [t.detach().contiguous().numpy() for t in (arriving, x)]
        np.testing.assert_array_equal(y.detach().numpy(), ab.kernel(name)(given[1]))
        np.testing.assert_array_equal(dx.numpy(), ab.kernel(name, "backward")(*given))


def test_a_number_a_parameter_and_a_target_of_no_gradient():
    x = torch.tensor(-2.0, requires_grad=True)
    y = actbench.torch.leaky_relu(x, negative_slope=0.25)
    y.backward()
    assert (y.item(), x.grad.item(), y.shape) == (-0.5, 0.25, ())
    assert not actbench.torch.silu(torch.ones(3)).requires_grad
    with torch.no_grad():
        assert not actbench.torch.silu(x).requires_grad
    large = torch.linspace(-3, 3, 1 << 18)
    np.testing.assert_array_equal(actbench.torch.silu(large).numpy(), ab.kernel("silu")(large.numpy()))


def test_a_change_in_place_is_noticed():
    x = torch.ones(4, requires_grad=True)
    held = x * 1.0
    y = actbench.torch.silu(held)
    held.add_(1.0)
    with pytest.raises(RuntimeError, match="inplace"):
        y.sum().backward()


def test_plain_tensors_go_to_the_kernel_as_they_are_and_no_others():
    if not hasattr(torch.Tensor, "__dlpack_c_exchange_api__"):
        pytest.skip("torch before 2.10")
    made = {way: ab.kernel("elu", way, dtype="float64") for way in ("forward", "backward")}
    write, back = (direct(made[way], torch) for way in ("forward", "backward"))
    x, dy = torch.linspace(-3, 3, 24, dtype=torch.float64).reshape(4, 6), torch.full((4, 6), 0.5, dtype=torch.float64)
    y = torch.empty_like(x)
    assert write(x, y)
    np.testing.assert_array_equal(y.numpy(), made["forward"](x.numpy()))
    assert back(dy, torch.nn.Parameter(x), y)
    np.testing.assert_array_equal(y.numpy(), made["backward"](dy.numpy(), x.numpy()))
    assert write(x[:0], y[:0])
    assert write(x[0, 0], y[0, 0])
    y.zero_()
    others = [
        x.T, x[:, ::2], x[:1].expand(4, 6), x[:3], x.float(), x.half(), x.int(), x.to("meta"),
        x.as_subclass(type("Sub", (torch.Tensor,), {})), x.to_sparse(), 1.0, None,
    ]  # fmt: skip
    assert not any(write(other, y) for other in (*others, torch._neg_view(x)))
    assert not any(write(x, other) for other in others)
    bound = direct(ab.kernel(ab.get("elu", alpha=0.321), dtype="float64"), torch)
    assert not bound(x.float(), y.float())  # whose machine code is not there
    assert not y.any()


def by_torchs_threads():
    """Whether large tensors are shared by torch's own threads here."""
    return hasattr(torch.Tensor, "__dlpack_c_exchange_api__") and direct_module.openmp()[0] != 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [LARGE - 1, LARGE, LARGE + 1, 3 * LARGE + 17])
def test_large_tensors_are_shared_by_torchs_threads_with_the_same_bits(size, dtype):
    x, dy = torch.linspace(-6, 6, size, dtype=dtype), torch.linspace(1, 2, size, dtype=dtype)
    had = torch.get_num_threads()
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            leaf = x.clone().requires_grad_()
            y = actbench.torch.silu(leaf)
            (dx,) = torch.autograd.grad(y, leaf, dy)
            np.testing.assert_array_equal(y.detach().numpy(), ab.kernel("silu")(x.numpy()))
            np.testing.assert_array_equal(dx.numpy(), ab.kernel("silu", "backward")(dy.numpy(), x.numpy()))
    finally:
        torch.set_num_threads(had)


def test_they_take_what_they_are_given_whole_and_leave_the_flags():
    if not by_torchs_threads():
        pytest.skip("torch without OpenMP, or before 2.10")
    made, x, y = ab.kernel("relu", dtype="float32"), torch.linspace(-1, 1, 4 * LARGE), torch.zeros(4 * LARGE)
    with np.errstate(all="raise"):
        assert direct(made, torch)(x, y)
        assert np.float32(3.0) + np.float32(1.0) == 4.0
    assert torch.equal(y, torch.relu(x))
    assert not direct(ab.kernel("relu", "second", dtype="float32"), torch)(x, y)  # which computes in float64


def test_a_forked_child_computes_what_its_parent_does():
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    x = torch.linspace(-3, 3, 2 * LARGE)
    expected = actbench.torch.silu(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks where there are threads
        child = os.fork()
    if child == 0:
        try:
            os._exit(0 if np.array_equal(actbench.torch.silu(x).numpy(), expected.numpy()) else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_second_derivatives_of_small_tensors_twice():
    """Their kernels compute in float64 whatever the tensor is."""
    for dtype in (torch.float32, torch.float64):
        for _ in range(3):
            x = torch.linspace(-2, 2, 9, dtype=dtype, requires_grad=True)
            (slope,) = torch.autograd.grad(actbench.torch.silu(x).sum(), x, create_graph=True)
            (bend,) = torch.autograd.grad(slope.sum(), x)
            np.testing.assert_array_equal(bend.numpy(), ab.kernel("silu", "second")(x.detach().numpy()))


def test_negatives_subclasses_and_layouts_are_right_by_the_way_around():
    x = torch.linspace(-3, 3, 24).reshape(4, 6)
    assert torch.equal(actbench.torch.silu(torch._neg_view(-x)), actbench.torch.silu(x))
    assert torch.equal(actbench.torch.silu(x.T), actbench.torch.silu(x).T)
    assert actbench.torch.silu(x).resize_(30).numel() == 30
    one = torch.complex(x[0, :1], x[0, :1]).conj().imag
    assert one.is_neg()
    assert torch.equal(actbench.torch.silu(one), actbench.torch.silu(-x[0, :1]))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # torch's own, when it loads what it needs
def test_transforms_that_it_has_not_are_are_refused():
    x = torch.linspace(-1, 1, 6)
    with pytest.raises(RuntimeError, match="setup_context"):
        torch.func.grad(lambda t: actbench.torch.silu(t).sum())(x)
    ahead = torch.autograd.forward_ad
    with ahead.dual_level():
        assert torch.equal(actbench.torch.silu(x), actbench.torch.silu(x.clone()))
        with pytest.raises(NotImplementedError, match="jvp"):
            actbench.torch.silu(ahead.make_dual(x, torch.ones_like(x)))


def test_a_module_is_saved_copied_and_trained():
    act = actbench.torch.Activation("leaky_relu", negative_slope=0.2)
    net = torch.nn.Sequential(torch.nn.Linear(3, 5), act, torch.nn.Linear(5, 1))
    net(torch.ones(2, 3)).sum().backward()
    assert net[0].weight.grad.abs().sum() > 0
    twin = pickle.loads(pickle.dumps(copy.deepcopy(act)))
    assert twin(torch.tensor([-1.0])).item() == pytest.approx(-0.2)
    assert "negative_slope=0.2" in repr(net)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: actbench.torch.silu(torch.ones(2, dtype=torch.bfloat16)),
            "takes float16.*not bfloat16 on the CPU",
        ),
        (lambda: actbench.torch.silu(torch.ones(2, device="meta")), "on meta"),
        (lambda: actbench.torch.silu(torch.ones(2, dtype=torch.int32)), "not int32"),
        (lambda: actbench.torch.leaky_relu(torch.ones(2), slope=1.0), "slope"),
        (lambda: actbench.torch.Activation("no_such_thing"), "no_such_thing"),
    ],
)
def test_what_it_does_not_do_is_said_in_a_line(call, says):
    with pytest.raises(ActbenchError, match=says):
        call()


def test_a_third_derivative_and_a_surrogate_s_second_are_refused():
    x = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(actbench.torch.silu(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x, create_graph=True)
    with pytest.raises(ActbenchError, match="silu has no third derivative"):
        torch.autograd.grad(second, x)
    (first,) = torch.autograd.grad(actbench.torch.heaviside_arctan(x), x, create_graph=True)
    with pytest.raises(ActbenchError, match="surrogate"):
        torch.autograd.grad(first, x)


def test_names_are_the_registry_s():
    assert set(ab.names()) <= set(dir(actbench.torch))
    assert actbench.torch.silu is actbench.torch.silu
    assert actbench.torch.Purlin(torch.ones(1)).item() == 1.0
    with pytest.raises(AttributeError, match="softmax"):
        actbench.torch.softmax  # noqa: B018
