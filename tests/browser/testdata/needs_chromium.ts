import { browserTest } from "../browser_test_helper.ts";

browserTest("something in a browser", () => Promise.resolve());
