"""The published nets, drawn from the tables of their papers and the facts of Caffe's examples."""
