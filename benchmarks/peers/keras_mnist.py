"""Keras' own MNIST example, to 99 % of the test images: `python keras_mnist.py ARRAYS.NPZ SEED`.

Its network, optimizer and batch, after `mnist_convnet` of keras.io.
"""

import sys

import keras
import numpy as np
from keras import layers

BATCH, EPOCHS, GOAL = 128, 15, 0.99


def main() -> None:
    keras.utils.set_random_seed(int(sys.argv[2]))
    with np.load(sys.argv[1]) as arrays:
        train, test = (
            arrays[f"{part}_images"][..., None].astype("float32") / 255
            for part in ("train", "test")
        )
        train_labels, test_labels = (
            keras.utils.to_categorical(arrays[f"{p}_labels"], 10) for p in ("train", "test")
        )
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    for _ in range(EPOCHS):
        network.fit(
            train, train_labels, batch_size=BATCH, epochs=1, validation_split=0.1, verbose=0
        )
        accuracy = network.evaluate(test, test_labels, verbose=0)[1]
        if accuracy >= GOAL:
            break
    print(accuracy)


if __name__ == "__main__":
    main()
