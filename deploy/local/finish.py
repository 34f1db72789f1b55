"""The last steps of a start: fill the directory, and write down how to reach everything."""

from deploy.local.marks import read_marks
from deploy.local.program import fill_directory, staff_token
from deploy.local.supervisor import Supervisor

TILL_FIELDS = ("shop_id", "till_id", "key_version", "secret")


def finish(supervisor: Supervisor) -> None:
    """Seed through the services' own interface, then write `stack.json`."""
    supervisor.say("filling the directory: malls, shops, brands, categories, tills, tiers")
    layout, addresses = supervisor.layout, supervisor.addresses
    token = staff_token(layout, addresses, supervisor.secrets)
    till = fill_directory(layout, addresses, token)
    program = read_marks(layout)["program"]
    staff = {"client_id": program["client_id"], "secret": program["client_secret"], "token": token}
    credentials = {"staff": staff, "till": {name: till[name] for name in TILL_FIELDS}}
    supervisor.publish({"program_id": program["program_id"], "credentials": credentials})


def renew_token(supervisor: Supervisor) -> None:
    """Another day for the staff token of a stack that runs for long, when it needs one."""
    seeded = supervisor.seeded
    if seeded is None:
        return
    token = staff_token(supervisor.layout, supervisor.addresses, supervisor.secrets)
    if token != seeded["credentials"]["staff"]["token"]:
        seeded["credentials"]["staff"]["token"] = token
        supervisor.publish(seeded)
