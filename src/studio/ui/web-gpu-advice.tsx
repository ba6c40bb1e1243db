/** What to do where WebGPU is missing, browser by browser. */
import './web-gpu-advice.css';

interface Advice {
  browser: string;
  steps: string[];
}

/** Advice for the browser that calls itself `userAgent`. */
export function webGpuAdvice(userAgent: string): Advice {
  const linux = /Linux|X11/.test(userAgent) && !/Android/.test(userAgent);
  if (/iPhone|iPad/.test(userAgent)) {
    return {
      browser: 'Safari on iPhone and iPad',
      steps: ['Update to iOS 26 or later; WebGPU is on by default there.', 'Then reload this page.'],
    };
  }
  if (/Firefox\//.test(userAgent)) {
    return {
      browser: 'Firefox',
      steps: [
        'Update to the newest Firefox. WebGPU is on by default on Windows and on Macs with Apple chips.',
        'Elsewhere open about:config and set dom.webgpu.enabled to true.',
        'Or open this page in Chrome or Edge.',
      ],
    };
  }
  if (/Edg\/|Chrome\/|Chromium\//.test(userAgent)) {
    return {
      browser: /Edg\//.test(userAgent) ? 'Edge' : 'Chrome',
      steps: [
        'Switch on "Use graphics acceleration when available" in the settings under System.',
        'Update the browser and the graphics driver, then restart the browser.',
        ...(linux ? ['On Linux, enable the flags "Unsafe WebGPU" and "Vulkan" in chrome://flags.'] : []),
        'The page chrome://gpu tells why WebGPU is off.',
      ],
    };
  }
  if (/Safari\//.test(userAgent)) {
    return {
      browser: 'Safari',
      steps: ['Update to macOS 26 with Safari 26 or later.', 'Or open this page in Chrome or Edge.'],
    };
  }
  return { browser: 'this browser', steps: ['Open this page in a recent Chrome, Edge, Safari or Firefox.'] };
}

/** The steps for this browser, under a heading that names it. */
export function WebGpuAdvice() {
  const { browser, steps } = webGpuAdvice(navigator.userAgent);
  return (
    <div className="advice">
      <h3>In {browser}</h3>
      <ol>
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </div>
  );
}
