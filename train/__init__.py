"""How the network comes to be: data, augmentation, the training loop and its evaluation."""
