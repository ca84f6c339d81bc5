// Figures as people read them.
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

function bytes(count) {
  let size = 0;
  while (count >= 1024 && size < SIZES.length - 1) {
    count /= 1024;
    size += 1;
  }
  return `${count.toFixed(size && count < 100 ? 1 : 0)} ${SIZES[size]}`;
}

export const units = {
  bytes,
  // Of a volume, before the first measurement: 0.
  "measured bytes": (count) => (count ? bytes(count) : "not measured"),
  "bytes/s": (count) => `${bytes(count)}/s`,
  percent: (share) => `${share.toFixed(share < 100 ? 1 : 0)} %`,
  cores: (count) => count.toFixed(2),
  number: (count) => count.toLocaleString("en"),
};
