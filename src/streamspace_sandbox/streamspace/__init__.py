"""The embedded StreamSpace: API, agent, viewer, desktops and stores, and the manifests that deploy them."""
