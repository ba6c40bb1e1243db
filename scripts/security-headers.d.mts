export declare const securityHeaders: {
  isolation: Record<string, string>;
  all: Record<string, string>;
};
