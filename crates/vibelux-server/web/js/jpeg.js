// A worker that compresses camera frames. A page's own `toBlob` waits until the page is idle, which
// can take half a second on a busy computer; a worker does it at once.

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext('2d');

self.addEventListener('message', async ({ data: { picture, sequence, quality } }) => {
  canvas.width = picture.width;
  canvas.height = picture.height;
  context?.drawImage(picture, 0, 0);
  picture.close();
  const jpeg = await canvas.convertToBlob({ type: 'image/jpeg', quality });
  self.postMessage({ sequence, jpeg });
});
