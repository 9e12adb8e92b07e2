// node tests/make-ledger.js FOLDER COUNT
import { makeLedger } from "./ledger.js";

const [folder, count] = process.argv.slice(2);
makeLedger(folder, Number(count));
