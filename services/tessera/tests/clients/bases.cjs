// The published JavaScript clients of the bases API, unpatched, against a server with the demo data.
'use strict';

const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { createRequire } = require('node:module');

// The packages lie outside the checkout.
const published = createRequire(`${process.env.TESSERA_CLIENTS}/`);
const { default: WebAPI } = published('dtable-web-api');
const { Base } = published('seatable-api');

const server = process.env.TESSERA_URL;

async function refused(status, call) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.response?.status, status, String(error));
    return error.response.data;
  }
  throw new Error(`nothing was refused with ${status}`);
}

async function signedIn(username, password) {
  const client = new WebAPI().init({ server, username, password });
  await client.login();
  return client;
}

async function main() {
  await refused(400, () => signedIn('agent@example.org', 'not the password'));
  const client = await signedIn('agent@example.org', 'demo-agent-password');
  const { data: own } = await client.getAccountInfo();
  assert.match(own.email, /^[0-9a-f]{32}@auth\.local$/);
  const { data: listed } = await client.listWorkspaces();
  const personal = listed.workspace_list.find((workspace) => workspace.type === 'personal');

  // A base with a name that has to be encoded everywhere it goes.
  const name = `Dépôt #1? ${randomUUID().slice(0, 8)} + 'x' 🚀`;
  const { data: created, status } = await client.createTable(name, own.email);
  assert.equal(status, 201);
  assert.equal(created.table.name, name);

  // The life of an API-Token.
  const app = 'label printer/№ 1';
  const { data: token } = await client.addTableAPIToken(personal.id, name, app, 'r');
  assert.equal(token.api_token.length, 40);
  const taken = await refused(400, () => client.addTableAPIToken(personal.id, name, app, 'rw'));
  assert.deepEqual(taken, { error_msg: 'api token already exist.' });
  assert.equal((await client.updateTableAPIToken(personal.id, name, app, 'rw')).data.permission, 'rw');
  assert.deepEqual((await client.listTableAPITokens(personal.id, name)).data.api_tokens.map((one) => one.app_name), [app]);

  // The other client opens the base with it.
  const base = new Base({ server, APIToken: token.api_token });
  await base.auth();
  assert.equal(base.appName, app);
  assert.equal(base.dtableUuid, created.table.uuid);
  assert.ok(base.dtableServer.endsWith('/') && base.accessToken.split('.').length === 3);
  const { data: temporary } = await client.getDTableTempAPIToken(personal.id, name);
  const opened = new Base({ server, APIToken: temporary.api_token });
  await opened.auth();
  assert.equal(opened.appName, 'scripts');
  assert.equal((await client.getTableAccessToken(personal.id, name)).data.dtable_uuid, created.table.uuid);

  // Links for readers, plain and with a name.
  const custom = `fair-${randomUUID().slice(0, 8)}`;
  const { data: plain } = await client.createDTableExternalLink(personal.id, name);
  const { data: named } = await client.createDTableExternalLink(personal.id, name, custom, undefined, 30);
  assert.ok(named.is_custom && !plain.is_custom && plain.token.length === 20);
  for (const link of [plain.token, custom]) {
    assert.equal((await client.getTableAccessTokenByExternalLink(link)).data.dtable_uuid, created.table.uuid);
    assert.deepEqual((await client.deleteDTableExternalLink(personal.id, name, link)).data, { success: true });
    await refused(404, () => client.getTableAccessTokenByExternalLink(link));
  }

  // A share, and what it opens.
  const other = await signedIn('supervisor@example.org', 'demo-supervisor-password');
  const { data: them } = await other.getAccountInfo();
  await refused(403, () => other.getTableAccessToken(personal.id, name));
  assert.equal((await client.addTableShare(personal.id, name, them.email, 'r')).status, 201);
  assert.equal((await other.getTableAccessToken(personal.id, name)).data.dtable_name, name);
  assert.ok((await other.listSharedTables()).data.table_list.some((table) => table.uuid === created.table.uuid));
  assert.deepEqual((await client.deleteTableShare(personal.id, name, them.email)).data, { success: true });
  await refused(403, () => other.getTableAccessToken(personal.id, name));

  // A new name leaves the tokens alone, and a deleted base ends them.
  const { data: renamed } = await client.renameTable(personal.id, name, `${name} 2`);
  assert.equal(renamed.table.name, `${name} 2`);
  await base.auth();
  assert.deepEqual((await client.deleteTableAPIToken(personal.id, `${name} 2`, app)).data, { success: true });
  await refused(403, () => base.auth());
  assert.deepEqual((await client.deleteTable(personal.id, `${name} 2`)).data, { success: true });
  await refused(404, () => opened.auth());
  console.log('dtable-web-api and seatable-api for JavaScript: sign-in, bases, tokens, links, shares');
}

main().catch((error) => {
  console.error(error.response ? `${error} ${JSON.stringify(error.response.data)}` : error);
  process.exitCode = 1;
});
