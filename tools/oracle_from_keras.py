"""Layers of a Keras model of DNA, for export_oracle.py. Not a program. Any backend of Keras; torch
unless one is chosen.

Layers: Conv1D (stride 1), Dense, BatchNormalization, ReLU, Activation, MaxPooling1D,
AveragePooling1D (no overlap), GlobalMaxPooling1D, GlobalAveragePooling1D, Flatten, Dropout (left
out), Add of a tensor and the output of layers on it. Activations: linear, relu, gelu (exact),
exponential. Input (n, length, 4).
"""

import os

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402

KINDS = {"relu": "relu", "gelu": "gelu", "exponential": "exp"}
POOLS = {"MaxPooling1D": "max-pool", "AveragePooling1D": "avg-pool"}
GLOBALS = {"GlobalMaxPooling1D": "global-max", "GlobalAveragePooling1D": "global-avg"}


def read(path: str) -> keras.Model:
    return keras.models.load_model(path, compile=False)


def predict(model: keras.Model, one_hot: np.ndarray) -> np.ndarray:
    """one_hot (n, length, 4)."""
    return keras.ops.convert_to_numpy(model(one_hot, training=False))


def source(tensor):
    """The operation that made a tensor, and its index there, which identify the tensor."""
    h = tensor._keras_history
    return h.operation, h.node_index, h.tensor_index


def path(to, start) -> list | None:
    """Layers from one tensor to another, with an inner list for the part that an Add adds to its
    input; None where there is no path."""
    if source(to) == source(start):
        return []
    operation, node, _ = source(to)
    inputs = operation._inbound_nodes[node].input_tensors
    if type(operation).__name__ == "Add" and len(inputs) == 2:
        for inner, outer in (inputs, inputs[::-1]):
            if body := path(inner, outer):
                before = path(outer, start)
                return None if before is None else [*before, body]
        raise SystemExit(f"expected Add of a tensor and of what layers make of it, got {operation.name}")
    if len(inputs) > 1:
        raise SystemExit(f"expected layers of one input, and Add of two, got {operation.name} of {len(inputs)}")
    before = path(inputs[0], start) if inputs else None
    return None if before is None else [*before, operation]


def activation(layer, out: list[dict]) -> None:
    name = getattr(layer.activation, "__name__", str(layer.activation))
    if name not in ("linear", *KINDS):
        raise SystemExit(f"expected an activation of linear, {', '.join(KINDS)}, got {name} of {layer.name}")
    if name in KINDS:
        out.append({"kind": KINDS[name]})


def batch_norm(layer, rank: int) -> tuple[np.ndarray, np.ndarray]:
    if layer.axis not in (-1, rank - 1):
        raise SystemExit(f"expected batch normalisation of channels, got axis {layer.axis} of {layer.name}")
    mean, variance = np.array(layer.moving_mean), np.array(layer.moving_variance)
    scale = (np.array(layer.gamma) if layer.scale else 1) / np.sqrt(variance + layer.epsilon)
    return scale, (np.array(layer.beta) if layer.center else 0) - mean * scale


def convolution(layer, writer, out: list[dict]) -> None:
    (k,), (stride,), (dilation,) = layer.kernel_size, layer.strides, layer.dilation_rate
    reach = dilation * (k - 1)
    if stride != 1 or layer.groups != 1 or layer.data_format != "channels_last" or layer.padding not in ("valid", "same"):
        raise SystemExit(f"expected a convolution of stride 1 in one group, padding valid or same, got {layer.name}")
    if layer.padding == "same" and reach % 2:
        raise SystemExit(f"expected padding of as much on both sides, got {layer.name} of an even kernel")
    weight = np.array(layer.kernel).transpose(2, 1, 0)
    bias = np.array(layer.bias) if layer.use_bias else np.zeros(len(weight))
    writer.conv(out, weight, bias, reach // 2 if layer.padding == "same" else 0, dilation)


def layers_of(chain: list, writer) -> list[dict]:
    """writer: the Writer of export_oracle.py."""
    out: list[dict] = []
    for layer in chain:
        kind = type(layer).__name__
        if isinstance(layer, list):
            out.append({"kind": "residual", "layers": layers_of(layer, writer)})
        elif kind == "Conv1D":
            convolution(layer, writer, out)
            activation(layer, out)
        elif kind == "Dense":
            weight = np.array(layer.kernel).T  # keras flattens a sequence in the order (length, channels), as ponder does
            bias = np.array(layer.bias) if layer.use_bias else np.zeros(len(weight))
            if len(layer.input.shape) == 3:  # applied to each position separately
                writer.conv(out, weight[:, :, None], bias, 0, 1)
            else:
                out.append({"kind": "dense", "name": writer.keep("dense", weight=weight, bias=bias)})
            activation(layer, out)
        elif kind == "BatchNormalization":
            writer.scale(out, *batch_norm(layer, len(layer.input.shape)))
        elif kind == "Activation":
            activation(layer, out)
        elif kind == "ReLU" and layer.max_value is None and not layer.negative_slope and not layer.threshold:
            out.append({"kind": "relu"})
        elif kind in POOLS and tuple(layer.pool_size) == tuple(layer.strides) and layer.padding == "valid":
            out.append({"kind": POOLS[kind], "size": layer.pool_size[0]})
        elif kind in GLOBALS:
            out.append({"kind": GLOBALS[kind]})
        elif kind not in ("Flatten", "Dropout", "InputLayer"):
            raise SystemExit(f"expected a layer that can be exported, got {layer.name} ({kind})")
    return out


def flat(model: keras.Model, length: int, writer) -> list[dict]:
    if len(model.inputs) != 1 or len(model.outputs) != 1 or model.inputs[0].shape[1:] not in ((length, 4), (None, 4)):
        raise SystemExit(f"expected one input (n, {length}, 4) and one output, got {[x.shape for x in model.inputs]}")
    chain = path(model.outputs[0], model.inputs[0])
    if chain is None:
        raise SystemExit("expected layers from the input to the output, got none")
    return layers_of(chain, writer)
