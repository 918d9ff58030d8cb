"""The parts that `generate` puts together: places, catalogue, price lists, demand and supply."""
