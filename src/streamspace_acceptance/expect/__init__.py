"""The checks of the Then sentences, one module a noun: each returns, or raises Unmet with expected and actual."""

from streamspace_acceptance.expect import agents as agents
from streamspace_acceptance.expect import capacity as capacity
from streamspace_acceptance.expect import commands as commands
from streamspace_acceptance.expect import contract as contract
from streamspace_acceptance.expect import deletions as deletions
from streamspace_acceptance.expect import deployment as deployment
from streamspace_acceptance.expect import desktops as desktops
from streamspace_acceptance.expect import environment as environment
from streamspace_acceptance.expect import homes as homes
from streamspace_acceptance.expect import interaction as interaction
from streamspace_acceptance.expect import mistakes as mistakes
from streamspace_acceptance.expect import outages as outages
from streamspace_acceptance.expect import pods as pods
from streamspace_acceptance.expect import resource_use as resource_use
from streamspace_acceptance.expect import resources as resources
from streamspace_acceptance.expect import rights as rights
from streamspace_acceptance.expect import sessions as sessions
from streamspace_acceptance.expect import streaming as streaming
from streamspace_acceptance.expect import templates as templates
from streamspace_acceptance.expect import throughput as throughput
from streamspace_acceptance.expect import users as users
