// Codes by BarcodeDetector, where the browser has it.

/** @typedef {{ detect: (source: ImageBitmapSource) => Promise<{ rawValue: string }[]> }} Detector */

/** @returns {Detector | null} */
export function detector() {
  const Found = /** @type {any} */ (globalThis).BarcodeDetector;
  return Found === undefined ? null : new Found({ formats: ["qr_code"] });
}

/** Text of the first code in a picture, or null. @param {Blob} file */
export async function codeInPicture(file) {
  const reader = detector();
  if (reader === null) return null;
  const picture = await createImageBitmap(file);
  return (await reader.detect(picture))[0]?.rawValue ?? null;
}

/** Until a code is seen, or the signal says stop. @param {HTMLVideoElement} video @param {AbortSignal} signal @returns {Promise<string | null>} */
export async function scan(video, signal) {
  const reader = detector();
  if (reader === null) return null;
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } }, audio: false });
  try {
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const [found] = await reader.detect(video);
      if (found) return found.rawValue;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
