"""Reading Keras' weights files."""

from tfrwc.recording.keras_layers import class_name


def test_classes_are_guessed_from_names_in_files():
    from keras.src.utils.naming import to_snake_case

    kinds = [
        *("Dense", "Conv1D", "Conv2D", "Conv2DTranspose", "SeparableConv2D", "LSTM"),
        *("DepthwiseConv2D", "GRUCell", "LSTMCell", "SimpleRNN", "BatchNormalization"),
        *("Embedding", "EinsumDense", "MultiHeadAttention", "LayerNormalization"),
    ]
    for kind in kinds:
        assert class_name(to_snake_case(kind)) == kind
        assert class_name(to_snake_case(kind) + "_12") == kind
