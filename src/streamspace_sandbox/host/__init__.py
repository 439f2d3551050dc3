"""What the embedded StreamSpace needs of this machine: bridges, ports, processes, mounts. It knows no Kubernetes."""
