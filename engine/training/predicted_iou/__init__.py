"""The predicted IoU of a trained model, fitted by itself, so that it is honest after every number of clicks.

While everything trains, the head that predicts the IoU follows masks that change under it, mostly after one prompt.
Here the masks stay as they are: clicks are simulated on training images as the measure simulates them, and only the
head's three layers are fitted to the IoUs that the masks really reach after further clicks.
"""
