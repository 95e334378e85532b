import { defineConfig } from "@playwright/test";

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // A story builds on its own server; two cores carry two of them at a time.
  fullyParallel: true,
  workers: 2,
  timeout: 240_000,
  // Another build than the program of release, or one beside a compiler, takes its time.
  expect: { timeout: process.env.COUNTERSIGN ? 40_000 : 15_000 },
  forbidOnly: !!process.env.CI,
  reporter: [["list"]],
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
    locale: "en-GB",
    screenshot: "only-on-failure",
  },
  projects: [
    { name: "desk", testMatch: /(base|due|story|rules|hands|roles|people|hydration|accessible|tabs|stream|recovery|focus|place|labels|map|connections|acts|events|lists|execution|tree|recordings)\.spec\.ts/, use: { viewport: desk } },
    { name: "phone", testMatch: /(due|story|rules|hands|roles|people|narrow|accessible|phone|map|connections|acts|lists)\.spec\.ts/, use: { viewport: phone, hasTouch: true } },
    { name: "nojs", testMatch: /(base|due|story|rules|hands|roles|people|nojs|connections|actsnojs|lists)\.spec\.ts/, use: { viewport: desk, javaScriptEnabled: false } },
    ...(process.env.PICTURES ? [{ name: "pictures", testMatch: /pictures\.spec\.ts/, use: { viewport: desk } }] : []),
  ],
});
