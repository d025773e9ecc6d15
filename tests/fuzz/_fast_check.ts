/**
 * Makes inputs by chance and finds the smallest one that breaks something. The only file that knows the package which does.
 *
 * @module
 */
export * from "fast-check";
