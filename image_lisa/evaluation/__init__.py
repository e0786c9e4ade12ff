"""What is measured of images and of their codes: distances between image sets, and probes."""
