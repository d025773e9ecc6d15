import { fuzzTests } from "./fuzz_test_helper.ts";
import { COMMAND_TARGETS } from "./targets/command.ts";
import { LOCAL_TARGETS } from "./targets/local.ts";
import { SERVING_TARGETS } from "./targets/serving.ts";
import { TARGET_ANSWER_TARGETS } from "./targets/target_answers.ts";

fuzzTests([...SERVING_TARGETS, ...TARGET_ANSWER_TARGETS, ...COMMAND_TARGETS, ...LOCAL_TARGETS]);
