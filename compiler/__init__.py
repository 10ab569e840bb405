"""Tree to plan: names, values, types, options, the DAG, and its pictures. Pure: no clock, no network."""
