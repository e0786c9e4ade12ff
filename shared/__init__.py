"""What knows neither pixels nor grammars: the sphere, samplers, methods, training, runs."""
