import { fuzzTests } from "./fuzz_test_helper.ts";
import { DHT_ANSWER_TARGETS } from "./targets/dht_answers.ts";
import { DHT_NODE_TARGETS } from "./targets/dht_node.ts";
import { KNOCK_TARGETS } from "./targets/knock.ts";
import { KRPC_TARGETS } from "./targets/krpc.ts";
import { RECORD_TARGETS } from "./targets/record.ts";
import { TEXT_TARGETS } from "./targets/text.ts";

fuzzTests([
  ...KRPC_TARGETS,
  ...DHT_NODE_TARGETS,
  ...DHT_ANSWER_TARGETS,
  ...RECORD_TARGETS,
  ...KNOCK_TARGETS,
  ...TEXT_TARGETS,
]);
