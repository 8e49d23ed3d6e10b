// The way of a script from nothing but the bootstrap file to a package on a host.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DesktopVirtualizationAPIClient } from '@azure/arm-desktopvirtualization'
import { ResourceManagementClient } from '@azure/arm-resources'
import { ClientSecretCredential } from '@azure/identity'

const { BERTH_TEST_BOOTSTRAP, BERTH_BIN, BERTH_TEST_IMAGE: image, BERTH_TEST_STATE: state } = process.env
const server = JSON.parse(readFileSync(BERTH_TEST_BOOTSTRAP, 'utf8'))
const group = 'desks'
const pool = 'hostpool1'
const scope = `${server.endpoint}/.default`
const credential = new ClientSecretCredential(server.tenantId, server.clientId, server.clientSecret, { authorityHost: server.endpoint })
const options = { endpoint: server.endpoint, credentialScopes: [scope] }
const client = new DesktopVirtualizationAPIClient(credential, server.subscriptionId, options)
const newest = new DesktopVirtualizationAPIClient(credential, server.subscriptionId, { ...options, apiVersion: '2025-10-10' })
const resources = new ResourceManagementClient(credential, server.subscriptionId, options)

let agent
after(() => agent?.kill())

async function all(pages) {
  const out = []
  for await (const one of pages) out.push(one)
  return out
}

async function until(what, is) {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) if (await is()) return
  assert.fail(`not in time: ${what}`)
}

/** status makes a call tell the status of its answer. */
async function status(call) {
  let seen
  await call({ onResponse: (raw) => { seen = raw.status } })
  return seen
}

async function fails(promise, code, status) {
  await assert.rejects(promise, (e) => e.code === code && e.statusCode === status)
}

test('signs in with either form of the tenant', async () => {
  const token = await credential.getToken(scope)
  assert.ok(token.expiresOnTimestamp > Date.now() + 3_000_000)
  const byUUID = new ClientSecretCredential(server.tenantUuid, server.clientId, server.clientSecret,
    { authorityHost: server.endpoint, disableInstanceDiscovery: true })
  assert.ok((await byUUID.getToken(`${server.endpoint}//.default`)).token)
  const wrong = new ClientSecretCredential(server.tenantId, server.clientId, 'wrong', { authorityHost: server.endpoint })
  await assert.rejects(wrong.getToken(scope), /AADSTS7000215/)
})

test('makes a resource group and a host pool, which a host joins', async () => {
  await resources.resourceGroups.createOrUpdate(group, { location: 'westeurope' })
  assert.equal((await resources.resourceGroups.checkExistence(group)).body, true)
  const put = (o) => client.hostPools.createOrUpdate(group, pool, { location: 'westeurope', tags: { a: 'b' },
    hostPoolType: 'Pooled', loadBalancerType: 'BreadthFirst', preferredAppGroupType: 'Desktop', friendlyName: 'Front <desk> & co' }, o)
  assert.deepEqual([await status(put), await status(put)], [201, 200])
  const made = await client.hostPools.get(group, pool)
  assert.equal(made.friendlyName, 'Front <desk> & co')
  assert.equal(made.systemData.createdBy, 'bootstrap')

  const patched = await client.hostPools.update(group, pool, { hostPool: { registrationInfo:
    { expirationTime: new Date(Date.now() + 5 * 3_600_000), registrationTokenOperation: 'Update' } } })
  const { token } = await client.hostPools.retrieveRegistrationToken(group, pool)
  assert.equal(token, patched.registrationInfo.token)
  const tokens = await client.hostPools.listRegistrationTokens(group, pool)
  assert.deepEqual(tokens.value.map((t) => t.token), [token])

  execFileSync(BERTH_BIN, ['agent', 'enroll', '--server', server.url, '--ca', server.caFile, '--key', token, '--name', 'host1', '--state', state])
  agent = spawn(BERTH_BIN, ['agent', 'run', '--state', state, '--attach', 'extract'], { stdio: 'ignore' })
  await until('the host is available', async () => (await all(client.sessionHosts.list(group, pool))).some((h) => h.name === `${pool}/host1` && h.status === 'Available'))
})

test('expands an image, puts its package, makes it active, patches, lists and deletes it', async () => {
  const [found] = await all(client.msixImages.listExpand ? client.msixImages.listExpand(group, pool, { uri: image }) : client.msixImages.expand(group, pool, { uri: image }))
  assert.equal(found.packageName, 'Contoso.Notes')
  assert.ok(found.lastUpdated instanceof Date)
  const full = found.packageFullName
  const body = { imagePath: found.imagePath, packageName: found.packageName, packageFamilyName: found.packageFamilyName, version: found.version,
    packageRelativePath: found.packageRelativePath, packageApplications: found.packageApplications, packageDependencies: found.packageDependencies,
    lastUpdated: found.lastUpdated, isActive: false, isRegularRegistration: true, displayName: 'Notes' }
  const put = (o) => client.msixPackages.createOrUpdate(group, pool, full, body, o)
  assert.equal(await status(put), 201)
  body.isActive = true
  assert.equal(await status(put), 200)
  const got = await newest.msixPackages.get(group, pool, full)
  assert.equal(got.isActive, true)
  assert.equal(got.name, `${pool}/${full}`)
  const patched = await client.msixPackages.update(group, pool, full, { msixPackage: { displayName: 'Patched', isActive: false } })
  assert.deepEqual([patched.displayName, patched.isActive, patched.isRegularRegistration], ['Patched', false, true])
  for (let i = 0; i < 4; i++) await client.msixPackages.createOrUpdate(group, pool, `App${i}_1.0.0.0_x64__8wekyb3d8bbwe`, body)
  let pages = 0
  const names = []
  for await (const page of client.msixPackages.list(group, pool, { pageSize: 2, isDescending: true }).byPage()) {
    pages++
    names.push(...page.map((p) => p.name))
  }
  assert.deepEqual([pages, names.length, names.at(-1)], [3, 5, `${pool}/App0_1.0.0.0_x64__8wekyb3d8bbwe`])
  for (const name of names) {
    const remove = (o) => client.msixPackages.delete(group, pool, name.slice(pool.length + 1), o)
    assert.deepEqual([await status(remove), await status(remove)], [200, 204])
  }
  await fails(client.msixPackages.get(group, pool, full), 'ResourceNotFound', 404)
  await fails(client.msixPackages.createOrUpdate(group, pool, 'h!', body), 'InvalidResourceName', 400)
  const expand = client.msixImages.listExpand ?? client.msixImages.expand
  await assert.rejects(all(expand.call(client.msixImages, group, pool, { uri: '/nowhere.vhdx' })), /Session Host: host1, Error: /)
})

test('imports an app attach package and offers it', async () => {
  const infos = client.appAttachPackageInfo
  const imported = infos.listImport ?? infos.import
  const [found] = await all(imported.call(infos, group, pool, { path: image, packageArchitecture: 'x64' }))
  assert.equal(found.properties.image.packageName, 'Contoso.Notes')
  const id = `/subscriptions/${server.subscriptionId}/resourceGroups/${group}/providers/Microsoft.DesktopVirtualization/hostPools/${pool}`
  const body = { location: 'westeurope', properties: { image: { ...found.properties.image, isActive: true }, hostPoolReferences: [id], failHealthCheckOnStagingFailure: 'NeedsAssistance' } }
  const put = (o) => client.appAttachPackageOperations.createOrUpdate(group, 'notes', body, o)
  assert.deepEqual([await status(put), await status(put)], [201, 200])
  const offered = await all(client.appAttachPackageOperations.listByResourceGroup(group, { filter: `HostPoolName eq '${pool}'` }))
  assert.deepEqual(offered.map((p) => [p.name, p.properties.provisioningState, p.properties.image.isActive]), [['notes', 'Succeeded', true]])
  const patched = await client.appAttachPackageOperations.update(group, 'notes', { appAttachPackagePatch: { properties: { hostPoolReferences: [] } } })
  assert.deepEqual(patched.properties.hostPoolReferences, [])
  const remove = (o) => client.appAttachPackageOperations.delete(group, 'notes', o)
  assert.deepEqual([await status(remove), await status(remove)], [200, 204])
})

test('lists operations and sessions, and takes all down again', async () => {
  const operations = await all(client.operations.list())
  assert.ok(operations.some((o) => o.name === 'Microsoft.DesktopVirtualization/hostpools/msixpackages/write'))
  execFileSync(BERTH_BIN, ['agent', 'session', 'open', 's1', '--state', state, '--user', 'anna', '--home', '/tmp/anna'])
  await until('the session is listed', async () => (await all(client.userSessions.listByHostPool(group, pool))).length === 1)
  await client.userSessions.delete(group, pool, 'host1', 's1', { force: true })
  await until('the session has ended', async () => (await all(client.userSessions.list(group, pool, 'host1'))).length === 0)
  const host = await client.sessionHosts.update(group, pool, 'host1', { sessionHost: { allowNewSession: false } })
  assert.equal(host.allowNewSession, false)
  await client.sessionHosts.delete(group, pool, 'host1', { force: true })
  await client.hostPools.delete(group, pool)
  await resources.resourceGroups.beginDeleteAndWait(group)
  assert.equal((await resources.resourceGroups.checkExistence(group)).body, false)
})
