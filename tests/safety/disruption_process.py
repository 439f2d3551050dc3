"""Breaks two things as a run does, one of them in the way that its argument names, says so, and waits to be killed.

With a second argument it mends them meanwhile.
"""

import signal
import sys
from pathlib import Path

from streamspace_acceptance import journal
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.disruption.network_cut import methods
from streamspace_acceptance.disruption.scaling import Scaling
from streamspace_acceptance.settings import Settings

AGENT = "streamspace-k8s-agent"

settings = Settings.from_environment()
cluster = Cluster([Path(file) for file in settings.kubeconfig_files()], settings.namespace)
with journal.keep({"namespace_uid": cluster.namespace_uid()}):
    disruptions = Disruptions()
    nothing, image = {"app": "none"}, settings.netadmin_image
    all_ways = methods(cluster, cluster.pods(app=AGENT)[0], 9, api_labels=nothing, image=image)
    disruptions.apply(all_ways[int(sys.argv[1])])
    disruptions.apply(Scaling(cluster, AGENT, 2))
    sys.stdout.write("broken\n")
    sys.stdout.flush()
    if sys.argv[2:]:
        disruptions.revert_all()
    signal.pause()
