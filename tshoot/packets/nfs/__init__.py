"""What the NFS detector judges, one matter a file: ports, RPC refusals, mounts, sessions."""
