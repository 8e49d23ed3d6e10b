"""The way of a script in Python from nothing but the bootstrap file to a package in a host pool."""
import datetime
import json
import os

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.desktopvirtualization import DesktopVirtualizationMgmtClient
from azure.mgmt.resource import ResourceManagementClient

with open(os.environ["BERTH_TEST_BOOTSTRAP"], encoding="utf-8") as f:
    server = json.load(f)
image = os.environ["BERTH_TEST_IMAGE"]
scopes = [server["endpoint"] + "/.default"]


def credential(secret):
    # The authority is that of Active Directory Federation Services, which this library knows by the tenant.
    return ClientSecretCredential(server["tenantId"], server["clientId"], secret, authority=server["endpoint"])


where = {"base_url": server["endpoint"], "credential_scopes": scopes}
signed_in = credential(server["clientSecret"])
client = DesktopVirtualizationMgmtClient(signed_in, server["subscriptionId"], **where)
groups = ResourceManagementClient(signed_in, server["subscriptionId"], **where).resource_groups

try:
    credential("wrong").get_token(*scopes)
    raise AssertionError("a wrong secret signs in")
except ClientAuthenticationError as e:
    assert "AADSTS7000215" in str(e), e

groups.create_or_update("desks", {"location": "westeurope"})
assert groups.check_existence("desks")
pool = client.host_pools.create_or_update("desks", "hp1", {
    "location": "westeurope", "host_pool_type": "Pooled", "load_balancer_type": "BreadthFirst", "preferred_app_group_type": "Desktop"})
assert pool.name == "hp1" and pool.system_data.created_by == "bootstrap", pool
expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=5)
client.host_pools.update("desks", "hp1", {"registration_info": {"expiration_time": expires, "registration_token_operation": "Update"}})
token = client.host_pools.retrieve_registration_token("desks", "hp1").token
assert token.startswith("bek_"), token
assert list(client.session_hosts.list("desks", "hp1")) == []

found = list(client.msix_images.expand("desks", "hp1", {"uri": image}))
assert [f.package_name for f in found] == ["Contoso.Notes"], found
x, full = found[0], found[0].package_full_name
body = {"image_path": x.image_path, "package_name": x.package_name, "package_family_name": x.package_family_name, "version": x.version,
        "package_relative_path": x.package_relative_path, "package_applications": x.package_applications,
        "package_dependencies": x.package_dependencies, "last_updated": x.last_updated, "is_active": False}
client.msix_packages.create_or_update("desks", "hp1", full, body)
body["is_active"] = True
made = client.msix_packages.create_or_update("desks", "hp1", full, body)
assert made.is_active and made.name == "hp1/" + full, made
patched = client.msix_packages.update("desks", "hp1", full, {"display_name": "Patched", "is_active": False})
assert patched.display_name == "Patched" and not patched.is_active, patched
for i in range(4):
    client.msix_packages.create_or_update("desks", "hp1", f"App{i}_1.0.0.0_x64__8wekyb3d8bbwe", body)
names = [p.name.split("/")[1] for p in client.msix_packages.list("desks", "hp1")]
assert len(names) == 5, names
for name in names:
    client.msix_packages.delete("desks", "hp1", name)
    client.msix_packages.delete("desks", "hp1", name)
try:
    client.msix_packages.get("desks", "hp1", full)
    raise AssertionError("deleted, and still there")
except ResourceNotFoundError as e:
    assert e.error.code == "ResourceNotFound", e
try:
    client.msix_packages.create_or_update("desks", "hp1", "h!", body)
    raise AssertionError("a name that is not allowed")
except HttpResponseError as e:
    assert e.status_code == 400 and e.error.code == "InvalidResourceName", e
assert any("msixpackages/write" in o.name for o in client.operations.list())
client.host_pools.delete("desks", "hp1", force=True)
groups.begin_delete("desks").wait()
assert not groups.check_existence("desks")
print("all done")
