"""Plans: model, builder, codec, evaluation and the matcher index."""
