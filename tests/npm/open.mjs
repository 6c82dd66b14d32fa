// Opens every file of a folder and prints what came out, by name.
import { readFileSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [library, folder, secretKey] = process.argv.slice(2);
const { decryptSops } = await import(pathToFileURL(library));
const types = { yaml: "yaml", json: "json", env: "env" };
const results = {};
const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);
for (const name of readdirSync(folder).sort()) {
  try {
    const fileType = types[name.split(".").pop()];
    results[name] = { text: JSON.stringify(await decryptSops(readFileSync(`${folder}/${name}`, "utf8"), { secretKey, fileType }), plain) };
  } catch (error) {
    results[name] = { error: String(error.message).slice(0, 200) };
  }
}
console.log(JSON.stringify(results));
