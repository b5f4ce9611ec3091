"""What a net is, whatever its blobs and layers are called: its graph, its hash, how far it is from another one."""
