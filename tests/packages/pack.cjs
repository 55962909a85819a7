// Packs the current folder into ../package.zip with one library: node pack.cjs WRITER.
// The libraries are found by NODE_PATH.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const OUTPUT = path.resolve('..', 'package.zip');

/** Everything below the current folder, in the order of the names. Links are followed. */
function* walk(folder = '.') {
  for (const name of fs.readdirSync(folder).sort()) {
    const file = path.posix.join(folder, name);
    const stat = fs.statSync(file);
    yield { name: file, stat };
    if (stat.isDirectory()) {
      yield* walk(file);
    }
  }
}

function files() {
  return [...walk()].filter((entry) => entry.stat.isFile());
}

/** Resolves once the stream is on the disk. */
function toDisk(stream) {
  return new Promise((resolve, reject) => {
    const output = fs.createWriteStream(OUTPUT);
    stream.on('error', reject);
    output.on('error', reject).on('close', resolve);
    stream.pipe(output);
  });
}

/** A folder at once, as its page shows it. */
function archiver(version, options = {}) {
  return async () => {
    const archive = require(`archiver-${version}`)('zip', options);
    const written = toDisk(archive);
    archive.directory('.', false);
    await archive.finalize();
    await written;
  };
}

/** `compress: false` stores; from a buffer the sizes are known before, from a file they follow. */
function yazl(version, fromBuffers) {
  return async () => {
    const { ZipFile } = require(`yazl-${version}`);
    const zip = new ZipFile();
    const written = toDisk(zip.outputStream);
    for (const { name, stat } of walk()) {
      if (stat.isDirectory()) {
        zip.addEmptyDirectory(name, { mtime: stat.mtime, mode: stat.mode });
      } else if (fromBuffers) {
        zip.addBuffer(fs.readFileSync(name), name, { mode: stat.mode, compress: false });
      } else {
        zip.addFile(name, name);
      }
    }
    zip.end();
    await written;
  };
}

function jszip(platform, streamFiles) {
  return async () => {
    const JSZip = require('jszip');
    const zip = new JSZip();
    for (const { name, stat } of files()) {
      zip.file(name, fs.readFileSync(name), { unixPermissions: stat.mode });
    }
    const options = { type: 'nodebuffer', compression: 'DEFLATE', platform, streamFiles };
    fs.writeFileSync(OUTPUT, await zip.generateAsync(options));
  };
}

/** In one go, with the attributes of Unix. */
function fflateSync() {
  const { zipSync } = require('fflate');
  const tree = {};
  for (const { name, stat } of files()) {
    tree[name] = [fs.readFileSync(name), { os: 3, attrs: stat.mode << 16 }];
  }
  fs.writeFileSync(OUTPUT, zipSync(tree));
}

/** As a stream, without any attributes. */
function fflateStream() {
  const { Zip, ZipDeflate } = require('fflate');
  const parts = [];
  const zip = new Zip((error, part) => {
    if (error) throw error;
    parts.push(Buffer.from(part));
  });
  for (const { name } of files()) {
    const entry = new ZipDeflate(name, { level: 6 });
    zip.add(entry);
    entry.push(fs.readFileSync(name), true);
  }
  zip.end();
  fs.writeFileSync(OUTPUT, Buffer.concat(parts));
}

function admZip() {
  const AdmZip = require('adm-zip');
  const zip = new AdmZip();
  zip.addLocalFolder('.');
  zip.writeZip(OUTPUT);
}

function zipJs(options) {
  return async () => {
    const { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } = require('@zip.js/zip.js');
    configure({ useWebWorkers: false });
    const zip = new ZipWriter(new Uint8ArrayWriter(), options);
    for (const { name, stat } of walk()) {
      if (stat.isDirectory()) {
        await zip.add(`${name}/`, undefined, { directory: true });
      } else {
        await zip.add(name, new Uint8ArrayReader(fs.readFileSync(name)));
      }
    }
    fs.writeFileSync(OUTPUT, await zip.close());
  };
}

/** What `cdk deploy` packs an asset with. */
async function cdkAssets() {
  const modules = path.dirname(require.resolve('cdk-assets/package.json'));
  const { zipDirectory } = require(path.join(modules, 'lib/private/archive.js'));
  await zipDirectory('.', OUTPUT, () => {});
}

/** What `serverless package` packs a service with. */
async function serverless() {
  const service = require('serverless/lib/plugins/package/lib/zip-service');
  const framework = {
    serviceDir: process.cwd(),
    utils: { writeFileDir: (file) => fs.mkdirSync(path.dirname(file), { recursive: true }) },
  };
  const plugin = { ...service, serverless: framework };
  const names = files().map((entry) => entry.name);
  fs.renameSync(await plugin.zipFiles(names, 'package.zip'), OUTPUT);
}

const WRITERS = {
  'archiver-5': archiver(5),
  'archiver-6': archiver(6),
  'archiver-7': archiver(7),
  'archiver-7-zip64': archiver(7, { forceZip64: true }),
  'archiver-7-store': archiver(7, { store: true }),
  'yazl-2': yazl(2, false),
  'yazl-3': yazl(3, false),
  'yazl-3-buffers': yazl(3, true),
  'jszip': jszip('DOS', false),
  'jszip-unix': jszip('UNIX', false),
  'jszip-stream': jszip('UNIX', true),
  'fflate': fflateSync,
  'fflate-stream': fflateStream,
  'adm-zip': admZip,
  'zip.js': zipJs({}),
  'zip.js-no-descriptor': zipJs({ dataDescriptor: false }),
  'zip.js-no-descriptor-zip64': zipJs({ dataDescriptor: false, zip64: true }),
  'cdk-assets': cdkAssets,
  'serverless': serverless,
};

const writer = WRITERS[process.argv[2]];
if (writer === undefined) {
  throw new Error(`one of ${Object.keys(WRITERS).join(', ')}`);
}
Promise.resolve(writer()).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
