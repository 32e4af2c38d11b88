// Prints the SQL of the migrations in unpacked packages of Medusa, in their order: node medusa_migrations.js FOLDER...
// The framework they ask for is stood in for: a migration only collects statements, and on an empty database the
// helpers that mend a v1 schema have nothing to do.
const fs = require("fs");
const path = require("path");
const Module = require("module");

class Migration {
  constructor() {
    this.statements = [];
  }
  addSql(statement) {
    this.statements.push(statement);
  }
  async execute() {
    return [];
  }
}
const standIns = {
  "@medusajs/framework/mikro-orm/migrations": { Migration },
  "@medusajs/framework/utils": { generatePostgresAlterColummnIfExistStatement: () => "" },
  ulid: { ulid: () => "0" },
};
const load = Module._load;
Module._load = (name, ...rest) => standIns[name] ?? load(name, ...rest);

async function main() {
  for (const folder of process.argv.slice(2)) {
    const migrations = path.resolve(folder, "dist", "migrations");
    const files = fs.readdirSync(migrations).filter((file) => /^Migration.*\.js$/.test(file));
    for (const file of files.sort()) {
      const [Class] = Object.values(require(path.join(migrations, file)));
      const migration = new Class();
      await migration.up();
      for (const statement of migration.statements) {
        if (statement.trim()) console.log(statement.trim().replace(/;$/, "") + ";");
      }
    }
  }
}
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
