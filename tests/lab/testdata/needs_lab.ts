import { labTest } from "../lab_test_helper.ts";

labTest("something in the lab", () => {});
